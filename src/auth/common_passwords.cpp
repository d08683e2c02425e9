#include "auth/common_passwords.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "auth/keyboard_variants.hpp"
#include "base/text.hpp"

// The assembler includes the file, found by -I src: as an array of numbers it would take the compiler minutes. It also
// computes the size, because C++ cannot subtract two symbols.
asm(R"(
    .pushsection .rodata, "a"
    .balign 8
    .type porter_common_passwords, %object
porter_common_passwords:
    .incbin "auth/common_passwords.bloom"
porter_common_passwords_end:
    .size porter_common_passwords, . - porter_common_passwords
    .balign 8
    .type porter_common_passwords_size, %object
porter_common_passwords_size:
    .quad porter_common_passwords_end - porter_common_passwords
    .size porter_common_passwords_size, 8
    .globl porter_common_passwords
    .hidden porter_common_passwords
    .globl porter_common_passwords_size
    .hidden porter_common_passwords_size
    .popsection
)");

extern "C" {
extern unsigned char const porter_common_passwords[];
extern std::uint64_t const porter_common_passwords_size;
}

namespace porter::detail::auth {
namespace {

constexpr std::string_view magic = "PORTERCP";
constexpr std::uint32_t version = 1;
constexpr std::size_t header_size = 32;
constexpr std::size_t digest_size = 16;

/// A little-endian number.
std::uint64_t number(std::span<unsigned char const> bytes) noexcept
{
    std::uint64_t value = 0;
    for (auto each = bytes.rbegin(); each != bytes.rend(); ++each) value = value << 8U | *each;
    return value;
}

}  // namespace

common_passwords const& common_passwords::built_in()
{
    static common_passwords const filter{{porter_common_passwords, porter_common_passwords_size}};
    return filter;
}

common_passwords::common_passwords(std::span<unsigned char const> file)
{
    bool const begins_well = file.size() >= header_size && std::ranges::equal(file.first(magic.size()), magic) &&
                             number(file.subspan(8, 4)) == version;
    if (!begins_well) throw std::invalid_argument{"not a filter of common passwords, version 1"};
    probes_ = static_cast<std::uint32_t>(number(file.subspan(12, 4)));
    bit_count_ = number(file.subspan(16, 8));
    bits_ = file.subspan(header_size);
    if (bit_count_ == 0 || bit_count_ != 8 * bits_.size()) throw std::invalid_argument{"a filter that is cut off"};
}

bool common_passwords::contain(base::secret const& password) const
{
    auto const variants = keyboard_variants(password, base::max_password_length);
    return std::ranges::any_of(variants,
                               [this](auto const& each) { return has(canonical_transliteration(each.view())); });
}

bool common_passwords::has(base::secret const& item) const noexcept
{
    std::array<unsigned char, digest_size> digest;
    auto const text = item.view();
    crypto_generichash(digest.data(), digest.size(), reinterpret_cast<unsigned char const*>(text.data()), text.size(),
                       nullptr, 0);
    auto first = number(std::span{digest}.first(8));
    auto const step = number(std::span{digest}.last(8)) | 1U;
    sodium_memzero(digest.data(), digest.size());
    for (auto left = probes_; left > 0; --left, first += step) {
        auto const at = first % bit_count_;
        auto const mask = 1U << (at % 8);
        if ((bits_[at / 8] & mask) == 0) return false;
    }
    return true;
}

}  // namespace porter::detail::auth
