// Opens by each strategy, asks the doctor, and tells which of both say that 127/8 is open to the bridge and nothing guards it.
//   node test/contract/programs/tell-open-bridge.ts <strategy>...
import { doctor, openLocalhostForward, type Strategy, type StrategyReason } from 'localhost-forward';

const isTold = (reasons: readonly StrategyReason[], name: string): boolean =>
  /it puts no guard there/.test(reasons.find(({ strategy }) => strategy === name)?.reason ?? '');

const { reasons } = await doctor();
const told: Record<string, { opened: boolean; doctor: boolean }> = {};
for (const strategy of process.argv.slice(2) as Strategy[]) {
  // oxlint-disable-next-line no-await-in-loop
  await using net = await openLocalhostForward(8088, { strategy, verify: false });
  told[strategy] = { opened: isTold(net.reasons, strategy), doctor: isTold(reasons, strategy) };
}
console.log(JSON.stringify(told));
