#pragma once

#include "store/sqlite/audited_transaction.hpp"
#include "store/sqlite/existing_file.hpp"

namespace porter::detail::store::sqlite::administration {

/// A transaction on a database that is still the one at its path: a restore may have replaced it, for example during a
/// prompt, and writes to the old file would be lost. Throws error (busy) then.
class guarded_transaction : public audited_transaction {
public:
    explicit guarded_transaction(database& on) : audited_transaction(on) { reject_replaced(on); }
};

}  // namespace porter::detail::store::sqlite::administration
