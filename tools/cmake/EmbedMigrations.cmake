# Embeds the SQL files of a folder in a target, as the function migrations() of migration.hpp in a module. If included,
# this file defines porter_embed_migrations(TARGET FOLDER MODULE); if run by `cmake -P`, it writes the source.

if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(embed_migrations_script ${CMAKE_CURRENT_LIST_FILE})

  function(porter_embed_migrations target folder module)
    file(GLOB sql CONFIGURE_DEPENDS ${folder}/*.sql)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}_migrations.cpp)
    add_custom_command(OUTPUT ${source}
      COMMAND ${CMAKE_COMMAND} -D FOLDER=${folder} -D MODULE=${module} -D SOURCE=${source} -P ${embed_migrations_script}
      DEPENDS ${sql} ${embed_migrations_script}
      COMMENT "Embedding migrations" VERBATIM)
    target_sources(${target} PRIVATE ${source})
  endfunction()
  return()
endif()

file(GLOB sql ${FOLDER}/*.sql)
list(SORT sql)
set(expected 1)
set(entries "")
foreach(path IN LISTS sql)
  get_filename_component(file ${path} NAME)
  if(NOT file MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)\\.sql$")
    message(FATAL_ERROR "${file}: expected NNNN_words.sql")
  endif()
  set(name ${CMAKE_MATCH_2})
  math(EXPR version "1${CMAKE_MATCH_1} - 10000")  # a leading zero would make it octal
  if(NOT version EQUAL expected)
    message(FATAL_ERROR "${file}: expected version ${expected}: without gaps or repetitions")
  endif()
  math(EXPR expected "${expected} + 1")
  file(READ ${path} text)
  string(APPEND entries "    {${version}, \"${name}\", R\"porter_sql(${text})porter_sql\"},\n")
endforeach()

string(REPLACE "/" "::" namespace porter/detail/${MODULE})
file(WRITE ${SOURCE} "// Written by EmbedMigrations.cmake from the files in migrations.
#include \"${MODULE}/migration.hpp\"

namespace ${namespace} {

namespace {

constexpr migration all[] = {
${entries}};

}  // namespace

std::span<migration const> migrations() noexcept
{
    return all;
}

}  // namespace ${namespace}
")
