#pragma once

#include <span>
#include <string_view>

namespace porter::detail::store::sqlite {

/// One step of the schema, from migrations/NNNN_name.sql. Forward only; not edited after its release.
struct migration {
    int version;
    std::string_view name;
    std::string_view sql;
};

/// The migrations of this program: versions 1, 2, 3, ... in order.
std::span<migration const> migrations() noexcept;

}  // namespace porter::detail::store::sqlite
