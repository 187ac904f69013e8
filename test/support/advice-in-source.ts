import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

/** A piece of advice as the source has it: `${…}` stands for what is put in. */
export interface AdviceInSource {
  readonly text: string;
  readonly file: string;
}

/** What an advice is called where it is made, and what makes one. */
const isAdvice = (name: string): boolean => /^(?:try|advice|tries)$/.test(name);
const makesAdvice = (name: string): boolean =>
  /^(?:advi[cs]e\w*|allow(?:Sudo|Container)|renderPassCommand|renderYieldCommand|byImage|advise\w*)$/.test(name);

/** Every text in the sources that may stand behind `Try:` or be a finding's advice. */
export const listAdvice = (folders: readonly string[]): AdviceInSource[] => {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `${folder}/${path}`),
  );
  const found = files.flatMap((file) => adviceIn(file, readFileSync(file, 'utf8')));
  const byText = new Map(found.map((one) => [one.text, one]));
  return [...byText.values()].toSorted((a, b) => a.text.localeCompare(b.text));
};

const adviceIn = (file: string, text: string): AdviceInSource[] => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: AdviceInSource[] = [];
  const visit = (node: ts.Node, isInside: boolean): void => {
    const name = nameOf(node);
    const inside = isInside || (name !== undefined && (isAdvice(name) || makesAdvice(name)));
    if (inside && isText(node)) {
      const words = textOf(node);
      if (isWhole(words) && !isPart(node)) found.push({ text: words, file });
    }
    // What is put into a text is no text of its own.
    if (ts.isTemplateExpression(node)) return;
    ts.forEachChild(node, (child) => visit(child, inside && !isTest(node, child)));
  };
  visit(source, false);
  return found;
};

/** What is put together from pieces is told by the text that they are put into. */
const isWhole = (words: string): boolean => /^\S.*[\s(]/s.test(words);

const nameOf = (node: ts.Node): string | undefined =>
  (ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node) || ts.isBindingElement(node)) &&
  ts.isIdentifier(node.name)
    ? node.name.text
    : undefined;

const isText = (node: ts.Node): boolean =>
  ts.isStringLiteral(node) ||
  ts.isNoSubstitutionTemplateLiteral(node) ||
  ts.isTemplateExpression(node) ||
  ts.isTaggedTemplateExpression(node);

const textOf = (node: ts.Node): string => {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTaggedTemplateExpression(node) && ts.isNoSubstitutionTemplateLiteral(node.template))
    return node.template.rawText ?? '';
  if (!ts.isTemplateExpression(node)) return '';
  return node.head.text + node.templateSpans.map(({ literal }) => `\${…}${literal.text}`).join('');
};

/** Conditions are asked and not told. */
const isTest = (node: ts.Node, child: ts.Node): boolean =>
  (ts.isConditionalExpression(node) && node.condition === child) ||
  (ts.isBinaryExpression(node) && /^[!=<>]/.test(node.operatorToken.getText())) ||
  (ts.isIfStatement(node) && node.expression === child) ||
  ts.isCallExpression(node);

/** Of a tagged template only the whole counts; a type's or a key's name is none. */
const isPart = ({ parent }: ts.Node): boolean =>
  ts.isTaggedTemplateExpression(parent) || ts.isLiteralTypeNode(parent) || ts.isElementAccessExpression(parent);
