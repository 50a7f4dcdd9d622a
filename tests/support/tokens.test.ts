import { expect, test } from 'vitest';
import { createTestTokens } from './tokens.ts';

test('a test token names the user and the roles it was asked for', async () => {
  const tokens = await createTestTokens();
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  expect(await tokens.verifyToken(await tokens.customer(id))).toMatchObject({
    userId: id,
    roles: ['CUSTOMER'],
  });
  expect(await tokens.verifyToken(await tokens.staff(id))).toMatchObject({ userId: id, roles: ['STAFF'] });
  expect(await tokens.verifyToken(await tokens.admin(id))).toMatchObject({ userId: id, roles: ['ADMIN'] });
  expect(await tokens.verifyToken(undefined)).toEqual({ kind: 'anonymous' });
});

test('an ended token, and one of another key, are refused as unauthenticated', async () => {
  const [tokens, others] = await Promise.all([createTestTokens(), createTestTokens()]);
  const refused = expect.objectContaining({
    extensions: expect.objectContaining({ code: 'UNAUTHENTICATED' }),
  });
  await expect(tokens.verifyToken(await tokens.bearer({ lifeInSeconds: -1 }))).rejects.toEqual(refused);
  await expect(tokens.verifyToken(await others.customer())).rejects.toEqual(refused);
});
