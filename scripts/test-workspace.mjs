import { runTests, testedPackages } from "./run-tests.mjs";
import { totalsLine } from "./totals.mjs";
import { build, install, root, StepError } from "./workspace.mjs";

async function testWorkspace() {
  const names = process.argv.slice(2);
  const packages = testedPackages(root, names);
  try {
    await install();
    await build(names.length === 0 ? [] : packages.map(({ manifest }) => manifest.name));
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  return runTests(root, packages);
}

const totals = await testWorkspace();
process.stdout.write(`${totalsLine(totals)}\n`);
process.exitCode = totals.failed === 0 ? 0 : 1;
