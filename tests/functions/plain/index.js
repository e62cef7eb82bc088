// A function without any tracer.
"use strict";

exports.handler = async () => ({ paid: true });
