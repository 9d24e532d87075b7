// Where something is dropped on the page Verify.

// Whether that is a field of its own, and not one for what is to be checked.
export const isOtherField = (target: EventTarget | null): boolean => {
  const field = (target as Element | null)?.closest?.("input, textarea");
  return field != null && field.closest(".drop") === null;
};
