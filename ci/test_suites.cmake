# SPDX-License-Identifier: BSD-3-Clause
# A ctest entry for each test suite of a GoogleTest program, or for each PER_ENTRY tests of a long one:
# under the sanitizers a program takes longer to start and end than most of its tests.

# discover_suites(program PREFIX p LABEL l [PER_ENTRY n])
function(discover_suites program)
  # Of an option that is given twice, the last holds.
  cmake_parse_arguments(arg "" "PREFIX;LABEL;PER_ENTRY" "" PER_ENTRY 100 ${ARGN})
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${program}_suites.cmake)
  file(GENERATE OUTPUT ${script} CONTENT
"set(program \"$<TARGET_FILE:${program}>\")
set(prefix ${arg_PREFIX})
set(per_entry ${arg_PER_ENTRY})
set(properties LABELS ${arg_LABEL})
include(\"${PROJECT_SOURCE_DIR}/ci/add_suites.cmake\")
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${script})
endfunction()
