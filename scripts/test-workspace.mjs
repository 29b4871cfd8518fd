import { runTests } from "./run-tests.mjs";
import { totalsLine } from "./totals.mjs";
import { build, install, root, StepError } from "./workspace.mjs";

async function testWorkspace() {
  try {
    await install();
    await build();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  return runTests(root, process.argv.slice(2));
}

const totals = await testWorkspace();
process.stdout.write(`${totalsLine(totals)}\n`);
process.exitCode = totals.failed === 0 ? 0 : 1;
