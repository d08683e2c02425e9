#pragma once

#include <memory>
#include <string>
#include <vector>

#include "programs/porterctl/record.hpp"
#include "store/administration.hpp"
#include "store/content.hpp"

/// The database of a PostgreSQL server, by its URL. The commands that any store has do not include this, but
/// open_database.hpp. What opens it throws config::option_error(bad_configuration) if porterctl was built without
/// PostgreSQL; start_error; store::administration_error.
namespace porter::programs {

/// Opens the database for reading and for changes, as its role allows.
std::unique_ptr<detail::store::administration> open_server(std::string const& url,
                                                           detail::store::accepted_schema schema);

/// The members of `db status` that only a server has: the hosts, the primary, standbys, and the porterds that use it.
std::vector<field> server_fields(std::string const& url);

/// A database that everything in a store can be copied into.
class import_target {
public:
    virtual ~import_target() = default;

    /// For messages.
    virtual std::string display_name() const = 0;
    /// As import_content() of store/postgres/administration; a database that is not empty is an option_error
    /// (cannot_create).
    virtual detail::store::content_counts import(detail::store::content& from) = 0;
};

/// Connects, and checks that the role may do it, the version of the schema, and that the database is empty. Throws as
/// import().
std::unique_ptr<import_target> prepare_import(std::string const& url);

}  // namespace porter::programs
