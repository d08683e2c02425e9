#include "store/audit.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace porter::detail::store {

namespace {

constexpr std::size_t seal_size = 32;

/// A message of numbers and texts of which no two lists give the same bytes.
class message {
public:
    explicit message(std::string_view label) { add(label); }

    message& add(std::int64_t number)
    {
        auto const bits = static_cast<std::uint64_t>(number);
        for (unsigned shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>((bits >> shift) & 0xff);
        return *this;
    }

    message& add(std::string_view text)
    {
        add(static_cast<std::int64_t>(text.size()));
        bytes_ += text;
        return *this;
    }

    std::string digest(audit_key const& key) const { return base::keyed_digest(bytes_, key); }

private:
    std::string bytes_;
};

std::string seal_of(audit_row const& row, std::int64_t number, std::string const& previous, audit_key const& key)
{
    message content{"porter audit row"};
    content.add(previous).add(number).add(row.id).add(row.at.time_since_epoch().count());
    content.add(row.actor).add(row.action).add(row.account_id.value_or(0)).add(row.account);
    content.add(row.object).add(row.before).add(row.after);
    return content.digest(key);
}

std::string tag_of(audit_head const& head, audit_key const& key)
{
    message content{"porter audit head"};
    content.add(head.pruned_number).add(head.pruned_seal);
    content.add(head.last_id).add(head.last_number).add(head.last_seal);
    return content.digest(key);
}

std::string rows(std::int64_t number)
{
    return number == 1 ? "1 row is missing" : std::to_string(number) + " rows are missing";
}

std::string name_of(audit_row const& row)
{
    return "row " + std::to_string(row.id);
}

}  // namespace

audit_head new_audit_head(audit_key const& key)
{
    audit_head head;
    head.pruned_seal.assign(seal_size, '\0');
    head.last_seal.assign(seal_size, '\0');
    sign(head, key);
    return head;
}

void sign(audit_head& head, audit_key const& key)
{
    head.tag = tag_of(head, key);
}

bool is_signed(audit_head const& head, audit_key const& key)
{
    return head.tag == tag_of(head, key);
}

void seal(audit_row& row, audit_head& head, audit_key const& key)
{
    row.number = head.last_number + 1;
    row.seal = seal_of(row, row.number, head.last_seal, key);
    head.last_number = row.number;
    head.last_seal = row.seal;
}

audit_verifier::audit_verifier(audit_head head, audit_key const& key)
    : head_(std::move(head)),
      key_(key),
      number_(std::max<std::int64_t>(head_.pruned_number, 0)),
      seal_(head_.pruned_seal),
      is_genuine_(is_signed(head_, key_))
{
    report_.last_number = head_.last_number;
    report_.last_seal = short_seal(head_.last_seal);
    if (is_genuine_) return;
    report_.faults.push_back(head_.tag.empty()
                                 ? "the head of the chain is not signed: it was cut away, or porterd has not begun it"
                                 : "the head of the chain was changed, or is of another key");
}

void audit_verifier::check(audit_row const& row)
{
    if (row.number == 0 && row.seal.empty()) {
        ++report_.unsealed;
        if (row.id <= head_.last_id) report_.faults.push_back(name_of(row) + " was added between sealed rows");
        return;
    }
    ++report_.sealed;
    check_number(row);
    bool const is_same = row.seal == seal_of(row, row.number, seal_, key_);
    if (is_known_ && !is_same) report_.faults.push_back(name_of(row) + " was changed");
    // What follows is compared with the stored seal, so that one changed row is one fault.
    is_known_ = true;
    number_ = std::max(number_, row.number);
    seal_ = row.seal;
    id_ = row.id;
}

/// Tells missing and surplus rows by their numbers.
void audit_verifier::check_number(audit_row const& row)
{
    // Numbers that were written by hand may be any: nothing is added to them.
    if (row.number > 0 && row.number - 1 == number_) {
        if (is_genuine_ && row.number > head_.last_number) {
            report_.faults.push_back(name_of(row) + " is after the end of the chain");
        }
        return;
    }
    is_known_ = false;
    if (row.number <= number_) {
        report_.faults.push_back(name_of(row) + " is not in its place: it was moved or added");
        return;
    }
    auto const before =
        id_ == 0 ? "before " + name_of(row) : "between row " + std::to_string(id_) + " and " + name_of(row);
    report_.faults.push_back(rows(row.number - number_ - 1) + ' ' + before);
}

audit_report audit_verifier::finish()
{
    if (number_ < head_.last_number) {
        auto const position =
            id_ == 0 ? std::string{"of all that were sealed"} : "at the end, after row " + std::to_string(id_);
        report_.faults.push_back(rows(head_.last_number - number_) + ' ' + position);
    } else if (is_genuine_ && number_ == head_.last_number && seal_ != head_.last_seal) {
        report_.faults.push_back("the end of the chain, row " + std::to_string(id_) + ", was changed");
    }
    return std::move(report_);
}

std::string short_seal(std::string const& seal)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (auto const each : std::string_view{seal}.substr(0, seal_size / 2)) {
        auto const byte = static_cast<unsigned char>(each);
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

}  // namespace porter::detail::store
