"use strict";

// Preselects the browser's time zone on a form that nobody has filled in yet.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const select = document.querySelector("form[data-fresh] select[name=time_zone]");

if (zone && select) {
  const chosen = [...select.options].find((option) => option.defaultSelected) ?? select.options[0];
  const known = [...select.options].some((option) => option.value === zone);
  if (known && chosen && select.value === chosen.value) {
    select.value = zone;
  }
}
