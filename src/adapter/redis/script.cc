#include "redis/script.h"

namespace mc::redis {
namespace {

// Numbers are doubles here: all of them are whole and below 2^53 (share/store.h), so sums are exact
// and quotients are corrected.
constexpr std::string_view kScript = R"lua(
local function div(a, b)
  local q = math.floor(a / b)
  if q * b > a then q = q - 1 end
  return q
end
local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local REMEMBER = 60000000
local node = 'n:' .. ARGV[1]
local up
local function uptime()
  if not up then
    up = tonumber(string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')) * 1000000
  end
  return up
end

local function wait_us(kind, max, each, drain, level, leases, least, first_end)
  local missing = level + (leases + least) * each - max * each
  if kind == 'r' then
    if missing <= level then return math.max(1, div(missing + drain - 1, drain)) end
    return math.max(1, div(level + drain - 1, drain), first_end)
  end
  if kind == 'w' and missing <= level then return -1 end
  return 0
end

local function answer(key, kind, n)
  local max, each, drain, keep = n[1], n[2], n[3], n[4]
  local seq, used, charge, held = n[5], n[6], n[7], n[8]
  local want, need, least, ttl = n[9], n[10], n[11], n[12]
  local all = redis.call('HGETALL', key)
  local level, at, old
  local nodes = {}
  for i = 1, #all, 2 do
    if all[i] == 's' then
      local l, a, e = string.match(all[i + 1], '^(%d+) (%d+) (%d+)$')
      level, at, old = tonumber(l), tonumber(a), tonumber(e)
    else
      local s, r, l, u = string.match(all[i + 1], '^(%d+) (%d+) (%d+) (%d+)$')
      nodes[#nodes + 1] = {name = all[i], seq = tonumber(s), reported = tonumber(r),
                           lease = tonumber(l), ends = tonumber(u)}
    end
  end
  local elapsed
  if level then
    elapsed = math.max(0, now - at)
    if old ~= each then
      level = math.min(div(level + old - 1, old), 2 * max) * each
    end
  elseif kind == 'r' then
    level, elapsed = max * each, uptime()
  else
    level, elapsed = 0, 0
  end
  if drain > 0 then
    if elapsed > div(level, drain) then level = 0 else level = level - elapsed * drain end
  end
  local self
  for _, other in ipairs(nodes) do
    if other.name == node then self = other end
  end
  if self and seq <= self.seq then return {1, 1, 0, 0, 0, 0} end

  local leases, live, first_end = 0, 0, 0
  for _, other in ipairs(nodes) do
    if other.ends <= now and other.lease > 0 then
      if kind ~= 's' then
        level = level + other.lease * each
        other.reported = other.reported + other.lease
      end
      other.lease = 0
      if other ~= self then
        redis.call('HSET', key, other.name, text(other.seq) .. ' ' .. text(other.reported) ..
          ' 0 ' .. text(other.ends))
      end
    end
    if other ~= self then
      if other.lease > 0 then
        leases = leases + other.lease
        live = live + 1
        if first_end == 0 or other.ends < first_end then first_end = other.ends end
      end
      if kind ~= 'w' and other.ends + REMEMBER <= now then redis.call('HDEL', key, other.name) end
    end
  end

  local known = self ~= nil
  if kind == 'w' then
    local reported = known and self.reported or 0
    level = math.min(level + math.max(-level, used - reported), 2 ^ 50)
  elseif kind == 'r' then
    local fresh = known and math.max(0, used - self.reported) or charge
    level = math.min(level + math.min(fresh, charge, 2 * max) * each, 2 * max * each)
  end

  local free = max * each - level - leases * each
  local room = 0
  if free > 0 then room = math.max(0, div(free, each) - held) end
  local granted, eligible = 0, 0
  if room >= least then
    local share = div(room, 2 * (live + 1))
    granted = math.max(0, math.min(room, math.max(need, math.min(want - held, share))))
  else
    local ends = first_end == 0 and 0 or first_end - now
    eligible = wait_us(kind, max, each, drain, level, leases + held, least, ends)
  end
  redis.call('HSET', key, 's', text(level) .. ' ' .. text(now) .. ' ' .. text(each), node,
    text(seq) .. ' ' .. text(used) .. ' ' .. text(held + granted) .. ' ' .. text(now + ttl))
  local stay = ttl + REMEMBER
  if drain > 0 then stay = stay + div(level, drain) end
  redis.call('PEXPIRE', key, text(math.max(keep, div(stay, 1000) + 1)))
  return {0, known and 1 or 0, held + granted, room - granted, eligible, live + 1}
end

local out = {}
for i, key in ipairs(KEYS) do
  local base = 1 + (i - 1) * 13
  local numbers = {}
  for j = 1, 12 do numbers[j] = tonumber(ARGV[base + 1 + j]) end
  for _, number in ipairs(answer(key, ARGV[base + 1], numbers)) do out[#out + 1] = number end
end
return out
)lua";

constexpr char letter_of(share::Kind kind) {
  return kind == share::Kind::rate ? 'r' : kind == share::Kind::window ? 'w' : 's';
}

}  // namespace

std::string_view share_script() {
  return kScript;
}

std::vector<std::string> script_arguments(std::string_view node, std::span<const share::Ask> asks) {
  std::vector<std::string> out;
  out.reserve(2 + asks.size() * 14);
  out.push_back(std::to_string(asks.size()));
  for (const share::Ask& ask : asks) out.push_back(std::string(kKeyPrefix) + ask.key);
  out.emplace_back(node);
  for (const share::Ask& ask : asks) {
    out.emplace_back(1, letter_of(ask.shape.kind));
    for (const std::int64_t number :
         {ask.shape.max, ask.shape.each, ask.shape.drain, to_millis(ask.shape.keep), ask.seq,
          ask.used, ask.charge, ask.held, ask.want, ask.need, ask.least, ask.ttl.count / 1'000}) {
      out.push_back(std::to_string(number));
    }
  }
  return out;
}

}  // namespace mc::redis
