// A reporter of vitest: names the tests that passed at their second hearing only, a line each.

import type { Reporter, TestCase } from 'vitest/node';

export default class SecondHearings implements Reporter {
  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky) {
      process.stdout.write(`SECOND HEARING ${test.module.relativeModuleId} > ${test.fullName}\n`);
    }
  }
}
