// What the doctor says works, and what becomes of opening by it: as `auto`, and by each strategy. A line of JSON.
import { doctor, openLocalhostForward, type LocalhostForwardError, type Strategy } from 'localhost-forward';

const report = await doctor();
const { ok, strategy, problem } = report;
// A tunnel's image is pulled where it is not, which takes a registry.
const reasons = report.reasons.filter((one) => one.strategy !== 'tunnel');
const working = reasons.filter(({ chosen, reason }) => chosen || reason.startsWith('not tried: '));

const open = (wanted: 'auto' | Strategy): Promise<string> =>
  openLocalhostForward({ hostPort: 1, containerPort: 80 }, { verify: false, strategy: wanted }).then(
    async (net) => {
      await net.close();
      return net.strategy;
    },
    ({ code }: LocalhostForwardError) => code,
  );

const auto = await open('auto');
const opened: Record<string, string> = {};
for (const { strategy: name } of reasons) opened[name] = await open(name);
console.log(
  JSON.stringify({
    doctor: { ok, strategy, works: working.map((one) => one.strategy), problem: problem?.split('\n')[0] },
    auto,
    opens: Object.keys(opened).filter((name) => opened[name] === name),
  }),
);
