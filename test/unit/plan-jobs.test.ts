import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { planJobs } from '../../script/plan-jobs.ts';
import { projectNames, seconds, wholeRunsOnly } from '../projects.ts';

const filesOf = (isWhole: boolean): string[] => planJobs(projectNames, [], isWhole).flatMap(({ files }) => files);

test('a whole run has each file once, and a plain one all but those that are named', () => {
  const all = globSync('test/**/*.test.ts').toSorted();
  expect(filesOf(true).toSorted()).toEqual(all);
  expect([...filesOf(false), ...wholeRunsOnly].toSorted()).toEqual(all);
  expect(all).toEqual(expect.arrayContaining(Object.keys(seconds)));
});
