#include "programs/porter/key_sequence.hpp"

#include <algorithm>

namespace porter::programs {

bool is_whole_key(std::wstring_view sequence)
{
    constexpr std::size_t max_length = 32;  // no key is longer, so the sequence is broken
    if (sequence.size() < 2) return false;
    if (sequence[1] == L'\x1b') return false;
    if (sequence[1] == L'O') return sequence.size() >= 3;
    if (sequence[1] != L'[') return true;
    if (sequence == L"\x1b[[") return false;  // the Linux console's function keys
    auto const last = sequence.back();
    bool const is_parameter = last >= L' ' && last <= L'?';
    return sequence.size() >= 3 && (!is_parameter || sequence.size() >= max_length);
}

bool is_bound_key(std::wstring_view sequence)
{
    constexpr std::wstring_view bound[] = {L"[A",  L"[B",  L"[C",  L"[D",  L"[H",    L"[F",    L"[1~",
                                           L"[3~", L"[4~", L"[7~", L"[8~", L"[1;5C", L"[1;5D", L"OA",
                                           L"OB",  L"OC",  L"OD",  L"OH",  L"OF"};
    auto const key = sequence.substr(1);
    if (!key.starts_with(L'[') && !key.starts_with(L'O')) return true;  // Alt and a character, bound by libedit
    return std::ranges::find(bound, key) != std::end(bound);
}

}  // namespace porter::programs
