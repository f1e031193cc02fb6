-- The rules of _ledger.py, told to Redis; see there for what they mean.
-- KEYS[1]: a hash of the app. ARGV[1]: the message as JSON, ARGV[2]: the moment, where it is not Redis' own.
local VALIDITY, ALIVE, RIVALRY, REGATHER, FORGOTTEN = 1000000, 3000000, 1000000, 1500000, 60000000
local LATELY = 10000000
local ASK_SOON, ASK_LATE, LEFT_THE_LINE, GRAINS, KEPT = 50000, 300000, 1000000, 1000, 172800000

local key, news = KEYS[1], cjson.decode(ARGV[1])
local worker, was, history, nonce, heard, away, leaves, about = unpack(news)
local now = tonumber(ARGV[2])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end

-- who is there, and whether the history is whole
local packed = redis.call('HGET', key, 'fleet')
local fleet = packed and cmsgpack.unpack(packed) or {history = '', born = 0, opens = 0, workers = {}, kept = KEPT}
local workers = {}
for name, each in pairs(fleet.workers) do
    if each[1] > now - FORGOTTEN and name ~= was then
        workers[name] = {math.min(each[1], now), math.min(each[2], now)}
    end
end
if fleet.opens > now + REGATHER then fleet.opens = now end -- of a clock that was set back
if fleet.history == '' then
    fleet.history, fleet.born = nonce, now
    fleet.opens = history ~= '' and now + REGATHER or now
elseif away > 0 and history == fleet.history and fleet.opens <= now then
    local alone = false -- whether only this process did without the store
    for name, each in pairs(workers) do
        if name ~= worker and each[2] > away then alone = true end
    end
    if not alone then fleet.opens = now + REGATHER end
end
workers[worker] = {now, heard}
fleet.workers = workers

local function spend(log, grain, free_at, slots)
    free_at = math.ceil(free_at / grain) * grain
    local spent = log.spent
    local low, high = 1, #spent + 1
    while low < high do
        local middle = math.floor((low + high) / 2)
        if spent[middle][1] < free_at then low = middle + 1 else high = middle end
    end
    if spent[low] and spent[low][1] == free_at then
        spent[low][2] = spent[low][2] + slots
    else
        table.insert(spent, low, {free_at, slots})
    end
end

local function let_go(log, grant, slots)
    local held = log.held[worker] or {}
    for place, entry in ipairs(held) do
        if entry[1] == grant then
            entry[3] = entry[3] - slots
            if entry[3] <= 0 then table.remove(held, place) end
            return entry[2]
        end
    end
end

local function keep_time(log)
    local back = log.at - now
    if back > 0 then
        for _, entry in ipairs(log.spent) do entry[1] = entry[1] - back end
        for _, held in pairs(log.held) do
            for _, entry in ipairs(held) do entry[2] = entry[2] - back end
        end
        log.cut[1] = math.max(0, log.cut[1] - back)
        log.paced = log.paced - back
    end
    log.at = now
end

local function reap(log, grain, period)
    log.held[was] = nil
    for name, held in pairs(log.held) do
        if name ~= worker then
            local last = (workers[name] and workers[name][1] or now) + VALIDITY
            if not workers[name] or last < now then
                for _, entry in ipairs(held) do
                    spend(log, grain, entry[2] <= last and last + period or entry[2], entry[3])
                end
                log.held[name] = nil
            end
        end
    end
end

local function count(log)
    local spent, held = 0, 0
    for _, entry in ipairs(log.spent) do spent = spent + entry[2] end
    for _, entries in pairs(log.held) do
        for _, entry in ipairs(entries) do held = held + entry[3] end
    end
    return spent, held
end

local function others_in_line(log)
    local line, ahead, found = {}, 0, false
    for _, each in ipairs(log.line) do
        if each[3] > now - LEFT_THE_LINE then
            table.insert(line, each)
            found = found or each[1] == worker
            if not found then ahead = ahead + each[2] end
        end
    end
    log.line = line
    return ahead
end

local function stand_in_line(log, cost, served)
    local place
    for index, each in ipairs(log.line) do
        if each[1] == worker then place = index end
    end
    if place and (served or cost == 0) then
        table.remove(log.line, place)
        place = nil
    end
    if cost > 0 then log.line[place or #log.line + 1] = {worker, cost, now} end
end

local function slow(log, period, cut)
    local known, half = log.cut, math.floor(period / 2)
    if cut[1] > known[1] + half then
        log.cut = cut
    elseif cut[1] > known[1] - half then
        log.cut = {known[1], math.min(cut[2], known[2]), math.min(cut[3], known[3])}
    end
end

local function free_at(log, number)
    for _, entry in ipairs(log.spent) do
        if number <= 0 then break end
        number = number - entry[2]
        if number <= 0 then return entry[1] end
    end
    return 0
end

local function take(log, number)
    while number > 0 do
        local first = log.spent[1]
        local part = math.min(number, first[2])
        number, first[2] = number - part, first[2] - part
        if first[2] == 0 then table.remove(log.spent, 1) end
    end
end

local function grant(log, calls, want, spacing)
    if #want == 0 then
        stand_in_line(log, 0, false)
        return {}
    end
    local ahead = others_in_line(log)
    local spent, held = count(log)
    local free, grants = calls - held - spent, {}
    local left = free + spent - ahead
    for _, cost in ipairs(want) do
        if left < cost then break end
        left = left - cost
        local begin = math.max(now, fleet.opens, free_at(log, cost - free))
        if spacing > 0 then
            begin = math.max(begin, log.paced)
            log.paced = begin + cost * spacing
        end
        local taken = math.min(cost, math.max(0, cost - free))
        take(log, taken)
        free = free - (cost - taken)
        log.ids = log.ids + 1
        table.insert(grants, {log.ids, begin, cost})
        log.held[worker] = log.held[worker] or {}
        table.insert(log.held[worker], {log.ids, begin, cost})
    end
    stand_in_line(log, want[#grants + 1] or 0, #grants > 0)
    return grants
end

local function ask_again(log)
    local soonest
    for _, entries in pairs(log.held) do
        for _, entry in ipairs(entries) do
            if entry[2] > now then soonest = math.min(soonest or entry[2], entry[2]) end
        end
    end
    return math.min((soonest or now) + ASK_SOON, now + ASK_LATE)
end

local function rivals(log, period, want, grants)
    local lately = math.max(LATELY, math.min(2 * period, LATELY * 12))
    local asked, number, total = {}, 0, 0
    for name, each in pairs(log.asked) do
        local since = math.min(math.max(0, now - each[1]), lately)
        local left = each[3] - math.floor(each[3] * since / lately)
        if left > 0 or each[2] > now - RIVALRY then asked[name] = {now, math.min(each[2], now), left} end
    end
    local own = asked[worker] or {now, 0, 0}
    if #want > 0 then own[2] = now end
    for _, each in ipairs(grants) do own[3] = own[3] + 1000 * each[3] end
    asked[worker] = own
    for _, each in pairs(asked) do
        if each[2] > now - RIVALRY then number, total = number + 1, total + each[3] end
    end
    log.asked = asked
    return math.max(1, number), math.floor(1000 * own[3] * number / math.max(1, total))
end

local function turn(log, calls, period, sent, back, extra, want, cut, spacing)
    local grain = math.max(1, math.floor(period / GRAINS))
    keep_time(log)
    reap(log, grain, period)
    for _, each in ipairs(sent) do
        let_go(log, each[1], each[3])
        spend(log, grain, each[2] + period, each[3])
    end
    for _, each in ipairs(back) do
        local begin = let_go(log, each[1], each[2])
        if begin then spend(log, grain, begin, each[2]) end
    end
    for _, each in ipairs(extra) do spend(log, grain, each[1] + period, each[2]) end
    while log.spent[1] and log.spent[1][1] <= now do table.remove(log.spent, 1) end
    slow(log, period, cut)
    local grants = grant(log, calls, want, spacing)
    if log.held[worker] and #log.held[worker] == 0 then log.held[worker] = nil end
    local again = #grants < #want and ask_again(log) or 0
    local spent, held = count(log)
    local next_free = log.spent[1] and log.spent[1][1] or 0
    local number, used = rivals(log, period, want, grants)
    return {grants, again, math.max(0, calls - held - spent), next_free, log.cut, number, used}
end

local replies = {}
if history == '' or history == fleet.history then
    for index, each in ipairs(about) do
        local name, calls, period, sent, back, extra, want, cut, spacing = unpack(each)
        local field = 'bucket ' .. name
        local text = redis.call('HGET', key, field)
        local log = text and cmsgpack.unpack(text)
            or {at = now, ids = 0, spent = {}, held = {}, line = {}, cut = {0, 0, 0}, paced = 0, asked = {}}
        replies[index] = turn(log, calls, period, sent, back, extra, want, cut, spacing)
        redis.call('HSET', key, field, cmsgpack.pack(log))
        fleet.kept = math.max(fleet.kept, math.floor(2 * period / 1000))
    end
elseif now < fleet.born + REGATHER then
    fleet.opens = math.max(fleet.opens, fleet.born + REGATHER)
end
if leaves then workers[worker] = nil end
redis.call('HSET', key, 'fleet', cmsgpack.pack(fleet))
redis.call('PEXPIRE', key, string.format('%.0f', fleet.kept))

local alive, rank = 0, 0
for name, each in pairs(workers) do
    if each[1] > now - ALIVE then
        alive = alive + 1
        if name < worker then rank = rank + 1 end
    end
end
return {now, fleet.history, fleet.opens, alive, rank, replies}
