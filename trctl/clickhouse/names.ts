/** Quoting, and the columns that the engine adds. */

/** Version of a row: the position of its transaction's commit, or of its snapshot. The highest wins. */
export const COMMIT = '__data_transfer_commit_time';
/** 0 for a row that is there; else it is deleted, by the transaction at this position. */
export const DELETE = '__data_transfer_delete_time';
/** In tables without a key: MD5 of the row's text, the row's own identity, and the number of the change in its transaction. */
export const ROW_HASH = '__data_transfer_row_hash';
export const ROW_ID = '__data_transfer_row_id';
export const ROW_EVENT = '__data_transfer_row_event';

export function quote(identifier: string): string {
  return `\`${identifier.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
