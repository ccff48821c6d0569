-- Every request with a token of its own. `tokens_file` is set above.
sent = 0
local tokens = {}

function init(args)
  for token in io.lines(tokens_file) do
    tokens[#tokens + 1] = "Bearer " .. token
  end
end

function request()
  wrk.headers["authorization"] = tokens[sent % #tokens + 1]
  sent = sent + 1
  return wrk.format()
end
