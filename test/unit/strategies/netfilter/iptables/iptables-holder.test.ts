import { describe, expect, it } from 'vitest';
import { canStay, readAnswer } from '../../../../../src/strategies/netfilter/iptables/iptables-holder.ts';

describe('an answer', () => {
  it('is the comment that ends the request, whatever was said before', () => {
    expect(readAnswer('# lhf-answered 7\nmore', 7)).toEqual({ answer: { refusal: '' }, rest: 'more' });
    expect(readAnswer('Warning: legacy tables present\n# lhf-answered 7\n', 7)?.answer.refusal).toBe('');
  });

  it('is not there before it is there whole, or while another request’s is', () => {
    for (const received of [
      '',
      '# lhf-answered 7',
      '# lhf-answered 1\n',
      '# lhf-answered 77\n',
      'x # lhf-answered 7\n',
    ])
      expect(readAnswer(received, 7)).toBeUndefined();
  });

  it('is a refusal where iptables-restore has ended, by its own words or by its status', () => {
    const words = 'iptables-restore: line 4 failed: Bad rule.';
    expect(readAnswer(`${words}\nlhf-refused 1\nrest`, 7)).toEqual({ answer: { refusal: words }, rest: 'rest' });
    expect(readAnswer('lhf-refused 137\n', 7)?.answer.refusal).toBe('iptables-restore ended with 137');
  });
});

it.each([
  ['1.8.9', true],
  ['1.8.7', true],
  ['1.8.4', false],
  ['1.6.1', false],
])('iptables-restore %s serves all requests: %s', (version, expected) => {
  expect(canStay({ iptables: { version, variant: 'nf_tables' } })).toBe(expected);
});
