/**
 * Whether every row is run: where a project was asked for by its name, by `script/test --whole`, and by LHF_TEST_ALL=1. A plain `script/test`
 * shows each promise by each strategy, and not also by each kind of rights.
 */
export const isWhole = ['LHF_TEST_WHOLE', 'LHF_TEST_ALL'].some((name) => process.env[name] === '1');
