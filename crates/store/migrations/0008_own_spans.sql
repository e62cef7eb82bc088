-- Whether functions, or others than their platforms, sent spans of a trace. One without holds no more than platforms tell of invocations that
-- most often are in a trace of the function's own as well: a list shows that one alone. What came before counts as having some.
ALTER TABLE trace_index ADD COLUMN IF NOT EXISTS has_own SimpleAggregateFunction(max, UInt8) DEFAULT 1;
