/** `true` where two types take the same values, else `never`: for checks that the compiler makes. */
export type Equal<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
