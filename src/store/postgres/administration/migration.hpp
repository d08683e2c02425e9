#pragma once

#include <span>
#include <string_view>

namespace porter::detail::store::postgres::administration {

/// One step of the schema, from migrations/postgres/NNNN_name.sql. Forward only; not edited after its release.
struct migration {
    int version;
    std::string_view name;
    std::string_view sql;
};

/// The migrations of this program: versions 1, 2, 3, ... in order. The last one is schema_version.
std::span<migration const> migrations() noexcept;

}  // namespace porter::detail::store::postgres::administration
