// The desk's script: htmx, and small modules that each do one thing. Every page works without it.
import "htmx.org/dist/htmx.esm.js";
import "./ages.js";
import "./busy.js";
import "./composer.js";
import "./files.js";
import "./keys.js";
import "./list.js";
import "./live.js";
import "./popup.js";
import "./theme.js";
import "./toast.js";
