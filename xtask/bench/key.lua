-- What many teams write in place of a filter: a table of keys, each with what it may do.
local keys = {
  ["bench-key-5b1f0d9c7a3e"] = { id = "bench", scopes = { orders = true } },
}
local needed = "orders"

local function refuse(handle, status, reason)
  handle:respond({ [":status"] = status, ["content-type"] = "application/problem+json" }, '{"reason":"' .. reason .. '"}')
end

function envoy_on_request(handle)
  local key = handle:headers():get("x-api-key")
  local caller = key and keys[key]
  if not caller then
    return refuse(handle, "401", "api_key_unknown")
  end
  if not caller.scopes[needed] then
    return refuse(handle, "403", "scope_missing")
  end
end
