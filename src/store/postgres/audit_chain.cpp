#include "store/postgres/audit_chain.hpp"

#include <algorithm>
#include <string_view>

#include "base/bytes.hpp"
#include "store/records.hpp"

namespace porter::detail::store::postgres {

namespace {

/// A seal as an element of bytea[].
token_digest element_of(std::string_view seal)
{
    token_digest element{};
    auto const size = std::min(seal.size(), element.size());
    std::ranges::copy_n(base::as_bytes(seal).begin(), static_cast<std::ptrdiff_t>(size), element.begin());
    return element;
}

}  // namespace

audit_row read_audit_row(row const& from)
{
    audit_row one;
    one.id = from.integer(0);
    one.at = from.time(1);
    one.actor = from.text(2);
    one.action = from.text(3);
    one.account_id = from.optional_integer(4);
    one.account = from.text(5);
    one.object = from.text(6);
    one.before = from.text(7);
    one.after = from.text(8);
    one.number = from.optional_integer(9).value_or(0);
    if (!from.is_null(10)) one.seal = from.bytes(10);
    return one;
}

audit_head read_audit_head(row const& from)
{
    audit_head head;
    head.pruned_number = from.integer(0);
    head.pruned_seal = from.bytes(1);
    head.last_number = from.integer(2);
    head.last_seal = from.bytes(3);
    if (!from.is_null(4)) head.tag = from.bytes(4);
    return head;
}

segment segment_of_seals(audit_head const& before, audit_head const& head, std::span<audit_row const> rows)
{
    std::vector<std::int64_t> ids;
    std::vector<token_digest> seals;
    for (auto const& each : rows) {
        ids.push_back(each.id);
        seals.push_back(element_of(each.seal));
    }
    segment work{segment::effect::writes};
    work.add("SELECT seal_audit($1, $2, $3, $4, $5, $6)", before.pruned_number, before.last_number,
             base::as_bytes(before.last_seal), std::span<std::int64_t const>{ids}, std::span<token_digest const>{seals},
             base::as_bytes(head.tag));
    return work;
}

}  // namespace porter::detail::store::postgres
