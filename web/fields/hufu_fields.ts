/** What a merchant's page loads: HufuFields.mount(element, { house, merchant, field, … }). */
import { type FieldOptions, ProtectedField } from './frame.ts';

export function mount(place: Element, options: FieldOptions): ProtectedField {
  return new ProtectedField(place, options);
}
