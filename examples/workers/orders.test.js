import { expect, test } from 'vitest';
import { useService } from './service.js';

const askFromContainer = useService('3 orders');

test('a container gets the orders', async () => expect(await askFromContainer()).toBe('3 orders'));
