/** A phone number without the blanks, dots, dashes and brackets that people write. */
export function normalPhone(phone: string): string {
  return phone.replaceAll(/[\s().-]/g, '');
}

/** An address as it is compared: without blanks around it, in small letters. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}
