const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of up to `width` characters, for a part of the largest value; the smallest that is not 0 can be seen. */
export function bar(value: number, largest: number, width = 24): string {
  if (!(value > 0) || !(largest > 0)) return "";
  const parts = Math.max(1, Math.round((value / largest) * width * 8));
  return "█".repeat(Math.floor(parts / 8)) + eighths[parts % 8];
}
