-- Says what came out in one line of JSON.
local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function done(summary, latency, requests)
  local errors = summary.errors
  local sent = 0
  for _, thread in ipairs(threads) do
    sent = sent + (thread:get("sent") or 0)
  end
  print(string.format(
    'said {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d,"sent":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, sent))
end
