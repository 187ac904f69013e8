import { expect, test } from 'vitest';
import { useService } from './service.js';

const askFromContainer = useService('12 articles');

test('a container gets the articles', async () => expect(await askFromContainer()).toBe('12 articles'));
