/** What `"preset": "localhost-forward/jest"` stands for. */
const preset = {
  globalSetup: 'localhost-forward/jest/global-setup',
  globalTeardown: 'localhost-forward/jest/global-teardown',
};

export default preset;
