import type { Connection } from '#platform/connections/connection.ts';
import type { ProductRow } from '../db/tables.ts';

/** What was searched for comes along for `totalCount`, which is counted only when asked for. Null: nothing, all are listed. */
export type ProductConnectionParent = Connection<ProductRow> & { readonly search: string | null };
