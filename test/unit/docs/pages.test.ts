import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findings } from '../../../src/diagnosis.ts';
import { docsOf, errorCodes } from '../../../src/errors.ts';
import { findCause } from '../../../src/proof/find.ts';
import { renderDiagnosis } from '../../../src/proof/render.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import smokeSchema from '../../../schema/smoke.json' with { type: 'json' };
import { errorExamples } from './error-examples.ts';
import { findingExamples } from './finding-examples.ts';
import { isSaid } from './words-in-source.ts';

const read = (path: string): string => readFileSync(path, 'utf8');

/** What stands under each heading of the second level, in the order of the page. */
const sectionsOf = (path: string): Map<string, string> =>
  new Map(
    read(path)
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
  );
const exampleIn = (section: string | undefined): string | undefined =>
  /^```text\n([^]*?)\n```$/m.exec(section ?? '')?.[1];

describe('the page of errors', () => {
  const sections = sectionsOf('docs/errors.md');

  test('has each code once, in the order of the list', () => expect([...sections.keys()]).toEqual([...errorCodes]));

  test.each(errorCodes)('%s: means something, shows what is said, and what to do', (code) => {
    const section = sections.get(code);
    const example = exampleIn(section);
    expect(section).toMatch(/\*\*Do:\*\* ./);
    const make = errorExamples[code];
    if (make === undefined) expect(isSaid(code, example?.split('\n')[0] ?? ''), example).toBe(true);
    else expect(example).toBe(make());
  });
});

describe('the page of findings', () => {
  const sections = sectionsOf('docs/findings.md');

  test('has each finding once, in the order of the list', () => expect([...sections.keys()]).toEqual([...findings]));

  test.each(findings)('%s: shows what is said', (finding) => {
    const diagnosis = findCause(findingExamples[finding]);
    expect(diagnosis.finding).toBe(finding);
    expect(exampleIn(sections.get(finding))).toBe(renderDiagnosis(diagnosis));
    if (finding !== 'reachable') expect(sections.get(finding)).toMatch(/\*\*Do:\*\* ./);
  });

  test('the schema knows each of them', () =>
    expect(smokeSchema.$defs.diagnosis.properties.finding.enum).toEqual([...findings]));
});

test('an error leads to its own part of a page, in the repository of the package', () => {
  const home = packageJson.homepage.replace('#readme', '');
  expect(docsOf('LHF_ERR_RULES', undefined)).toBe(`${home}/blob/main/docs/errors.md#lhf_err_rules`);
  expect(docsOf('LHF_ERR_UNREACHABLE', { finding: 'firewall-input' })).toBe(
    `${home}/blob/main/docs/findings.md#firewall-input`,
  );
});
