import { describe, expect, it } from 'vitest';
import { renderAnnotation, renderSummary } from '../../../src/cli/github.ts';
import { renderJunit } from '../../../src/cli/junit.ts';
import { failedRun, failure, run, step } from './example.ts';

describe('JUnit', () => {
  it('has a suite per run and a case per step, counted and timed in seconds', () => {
    expect(renderJunit([run(), run({ strategy: null, steps: [] })])).toBe(`\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="localhost-forward" tests="2" failures="0" errors="0" time="0.025">
  <testsuite name="localhost-forward smoke nftables" tests="2" failures="0" errors="0" skipped="0" time="0.025">
    <testcase classname="localhost-forward smoke nftables" name="network" time="0.012"/>
    <testcase classname="localhost-forward smoke nftables" name="request" time="0.012"/>
  </testsuite>
  <testsuite name="localhost-forward smoke" tests="0" failures="0" errors="0" skipped="0" time="0.000">
  </testsuite>
</testsuites>
`);
  });

  it('tells why a step failed, in text that XML can carry', () => {
    const xml = renderJunit([
      { ...failedRun, failure: { ...failure, message: `${failure.message}\u0000\u001b[31m\uFFFF` } },
    ]);
    expect(xml).toContain('tests="2" failures="1"');
    expect(xml).toContain(
      '<failure message="detail of request">8088 is dropped, 100% of it[31m&#10;✗ input  drop&#10;the rule: &lt;none&gt; &amp; &quot;more&quot;&#10;Try: sudo iptables -I INPUT -j &apos;ACCEPT&apos;</failure>',
    );
  });
});

describe('GitHub', () => {
  it('gets one line per annotation, whatever is in it', () => {
    const hostile = { message: 'a\r\n::set-env name=X::y', evidence: ['50%0A'], try: 'b' };
    expect(renderAnnotation(hostile, 'a:b,c%')).toBe(
      '::error title=a%3Ab%2Cc%25::a%0D%0A::set-env name=X::y%0A50%250A%0ATry: b\n',
    );
    expect(renderAnnotation(failure)).toMatch(
      /^::error title=localhost-forward smoke::8088 is dropped, 100%25 of it%0A/,
    );
  });

  it('gets a summary: a table of steps, and the reason in a fence that it cannot close', () => {
    const text = renderSummary([
      run({ steps: [{ ...step('network'), detail: 'a|b\n`c` <d>' }] }),
      { ...failedRun, failure: { ...failure, message: 'no ``` here' } },
    ]);
    expect(text).toContain('### ✅ localhost-forward smoke: nftables as root');
    expect(text).toContain('| ✓ | network | 12 ms | a\\|b \\`c\\` \\<d\\> |');
    expect(text).toContain('### ❌');
    expect(text).toMatch(/\n````\nno ``` here\n[^]*container ✓ ──▶ [^]*\nTry: [^\n]*\n````\n/);
  });
});
