import { expect, test } from 'vitest';
import { useService } from './service.js';

const askFromContainer = useService('5 customers');

test('a container gets the customers', async () => expect(await askFromContainer()).toBe('5 customers'));
