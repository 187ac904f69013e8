import { expect, it } from 'vitest';
import { renderSweep } from '../../../src/cli/sweep.ts';
import { terminal } from './example.ts';

const { colors } = terminal();
const owner = { session: 'a', owner: 'process 7, dead' };
const living = { session: 'b', owner: 'process 8, alive', reason: 'its owner, process 8, is alive' };

it('says once what an owner had, and once why it stays', () => {
  expect(
    renderSweep(
      {
        removed: [
          { kind: 'rules', name: 'lhf_aaaaa', ...owner },
          { kind: 'network', name: 'lhf-aaaaa001', ...owner },
          { kind: 'network', name: 'lhf-aaaaa002', ...owner },
        ],
        spared: [
          { kind: 'rules', name: 'lhf_bbbbb', ...living },
          { kind: 'network', name: 'lhf-bbbbb001', ...living },
        ],
        failed: [{ kind: 'network', name: 'lhf-aaaaa003', ...owner, reason: 'the engine did not answer' }],
      },
      colors,
    ),
  ).toEqual([
    'removed rules lhf_aaaaa; network lhf-aaaaa001, lhf-aaaaa002 of process 7, dead',
    'spared  rules lhf_bbbbb; network lhf-bbbbb001: its owner, process 8, is alive',
    'stays   network lhf-aaaaa003 of process 7, dead: the engine did not answer',
  ]);
});

it('tells who knows why no engine answered', () => {
  const failed = [{ kind: 'engine', name: 'docker', reason: 'No Docker engine answers' }] as const;
  expect(renderSweep({ removed: [], spared: [], failed }, colors)).toEqual([
    'stays   engine docker: No Docker engine answers',
    'Try: localhost-forward doctor',
  ]);
});

it('says where there was nothing', () =>
  expect(renderSweep({ removed: [], spared: [], failed: [] }, colors)).toEqual(['nothing to sweep']));
