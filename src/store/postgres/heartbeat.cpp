#include "store/postgres/heartbeat.hpp"

#include <unistd.h>

#include <array>
#include <limits>
#include <random>

#include "porter/version.hpp"
#include "store/postgres/schema.hpp"

namespace porter::detail::store::postgres {

namespace {

constexpr char const* write_row = R"(
INSERT INTO nodes (id, name, version, schema_version, started_at, seen_at_ms)
VALUES ($1, $2, $3, $4, unix_time(), floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)
ON CONFLICT (id) DO UPDATE SET seen_at_ms = EXCLUDED.seen_at_ms
RETURNING seen_at_ms)";

constexpr char const* read_works_with = "SELECT coalesce(max(works_with), 0) FROM schema_migrations";

constexpr char const* remove_stopped = "DELETE FROM nodes WHERE seen_at_ms < (unix_time() - $1) * 1000";

std::int64_t random_id()
{
    std::random_device random;
    return std::uniform_int_distribution<std::int64_t>{1, std::numeric_limits<std::int64_t>::max()}(random);
}

std::string machine_name()
{
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    return name.data();
}

}  // namespace

heartbeat::heartbeat(shared_clock& clock) : clock_(clock), id_(random_id()), machine_(machine_name()) {}

segment heartbeat::beat() const
{
    segment work{segment::effect::writes};
    work.add(write_row, id_, machine_, version, schema_version).add(read_works_with);
    if (is_first_) work.add(remove_stopped, std::chrono::seconds{kept}.count());
    return work;
}

void heartbeat::take(reply const& answer, time sent, time received)
{
    auto const shown = answer.results.at(0)[0].instant(0);
    works_with_ = answer.results.at(1)[0].integer(0);
    is_first_ = false;
    clock_.correct(shown, sent, received);
}

}  // namespace porter::detail::store::postgres
