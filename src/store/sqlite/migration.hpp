#pragma once

#include <span>
#include <string_view>

namespace porter::detail::store::sqlite {

/// One step of the schema, as it stands in migrations/NNNN_name.sql. Forward only; never edited once it has landed.
struct migration {
    int version;
    std::string_view name;
    std::string_view sql;
};

/// Every migration that this program was built with: versions 1, 2, 3, ... in order.
std::span<migration const> migrations() noexcept;

}  // namespace porter::detail::store::sqlite
