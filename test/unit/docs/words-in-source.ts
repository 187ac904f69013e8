import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(`src/${path}`, 'utf8'));

/** Whether a file that throws the code can say this line, whatever is put into its words. */
export const isSaid = (code: string, line: string): boolean =>
  sources
    .filter((text) => text.includes(`'${code}'`))
    .flatMap((text) => patternsIn(ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true)))
    .some((pattern) => pattern.test(line));

/** All texts of some length: what is put into a template stands for anything. */
const patternsIn = (node: ts.Node): RegExp[] => {
  const parts = ts.isTemplateExpression(node)
    ? [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)]
    : ts.isStringLiteralLike(node)
      ? [node.text]
      : [];
  const own = parts.join('').trim().length > 10 ? [new RegExp(`^${parts.map(escape).join('.+')}$`)] : [];
  const below: RegExp[] = [];
  ts.forEachChild(node, (child) => void below.push(...patternsIn(child)));
  return [...own, ...below];
};

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
