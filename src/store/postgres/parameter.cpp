#include "store/postgres/parameter.hpp"

#include <algorithm>

namespace porter::detail::store::postgres {

namespace {

template <typename Number>
void append(std::string& out, Number number)
{
    for (int shift = 8 * static_cast<int>(sizeof(Number)) - 8; shift >= 0; shift -= 8) {
        out += static_cast<char>(static_cast<unsigned char>(number >> shift));
    }
}

/// The head of an array of one dimension: dimensions, whether there is a NULL, the type of the elements, their number,
/// the first index.
std::string array_of(type element, std::size_t count, bool has_null = false)
{
    std::string out;
    append(out, std::uint32_t{count > 0 ? 1U : 0U});
    append(out, std::uint32_t{has_null ? 1U : 0U});
    append(out, static_cast<std::uint32_t>(element));
    if (count == 0) return out;
    append(out, static_cast<std::uint32_t>(count));
    append(out, std::uint32_t{1});
    return out;
}

void append_element(std::string& out, std::int64_t number)
{
    append(out, static_cast<std::uint32_t>(sizeof number));
    append(out, static_cast<std::uint64_t>(number));
}

void append_element(std::string& out, std::string_view bytes)
{
    append(out, static_cast<std::uint32_t>(bytes.size()));
    out += bytes;
}

/// Instead of the length of an element.
constexpr std::uint32_t null_element = 0xffffffff;

}  // namespace

parameter::parameter(std::span<std::int64_t const> numbers)
    : parameter(type::bigint_array, array_of(type::bigint, numbers.size()))
{
    for (auto const number : numbers) append_element(bytes_, number);
}

parameter::parameter(std::span<std::optional<std::int64_t> const> numbers)
    : parameter(type::bigint_array, array_of(type::bigint, numbers.size(),
                                             std::ranges::any_of(numbers, [](auto const& each) { return !each; })))
{
    for (auto const& number : numbers) {
        if (number) {
            append_element(bytes_, *number);
        } else {
            append(bytes_, null_element);
        }
    }
}

parameter::parameter(std::span<std::string const> texts)
    : parameter(type::text_array, array_of(type::text, texts.size()))
{
    for (auto const& text : texts) append_element(bytes_, text);
}

parameter::parameter(std::span<token_digest const> digests)
    : parameter(type::bytea_array, array_of(type::bytea, digests.size()))
{
    for (auto const& digest : digests) append_element(bytes_, base::as_text(digest));
}

parameter parameter::null_of(parameter like)
{
    like.bytes_.clear();
    like.is_null_ = true;
    return like;
}

std::string parameter::big_endian(std::int64_t number)
{
    std::string out;
    append(out, static_cast<std::uint64_t>(number));
    return out;
}

}  // namespace porter::detail::store::postgres
