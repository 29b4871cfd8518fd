/** CPU of this process since the last look, in percent of one core. */
export function cpuMeter(): () => number {
  let before = process.cpuUsage();
  let at = performance.now();
  return () => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(before);
    const percent = (user + system) / 10 / Math.max(now - at, 1);
    before = process.cpuUsage();
    at = now;
    return percent;
  };
}
