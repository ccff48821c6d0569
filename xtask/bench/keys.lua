-- Every request with a key of its own. `first` is set above.
sent = 0

function request()
  wrk.headers["x-key"] = string.format("k%d", first + sent)
  sent = sent + 1
  return wrk.format()
end
