/** Money: billionths of a US dollar as the API has them, a bigint that is branded as moments and lengths are. */

declare const unit: unique symbol;

export type Dollars = bigint & { readonly [unit]: "dollars" };

export const dollars = (billionths: bigint): Dollars => billionths as Dollars;
