// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/html.h"

#include <sstream>
#include <string>

#include <boost/property_tree/xml_parser.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/made_results.h"

namespace rolecall::report {
namespace {

using scenario::VerdictKind;
using testing::HasSubstr;
using testing::Not;

std::string page_of(const std::vector<scenario::ScenarioResult>& results) {
  return html_page("rolecall run", results);
}

TEST(HtmlPageTest, IsWellFormed) {
  std::istringstream page(page_of(
      results_of({run_of(1, VerdictKind::Deadlock, 40), run_of(2, VerdictKind::Stuck, 50)})));
  boost::property_tree::ptree tree;
  EXPECT_NO_THROW(boost::property_tree::read_xml(page, tree));
  EXPECT_EQ(tree.get<std::string>("html.head.title"), "rolecall run");
}

TEST(HtmlPageTest, HasASquareARun) {
  const std::string page = page_of(results_of({run_of(1, VerdictKind::Deadlock, 40)}));
  EXPECT_THAT(page, HasSubstr(R"(<b class="good" title="control run 1: completed, 0.100 s">)"));
  EXPECT_THAT(page, HasSubstr(R"(<b class="good" title="run 1: deadlock, 0.040 s">)"));
}

TEST(HtmlPageTest, WhatWasNotAsStatedIsOpenAndMarkedByMoreThanColour) {
  auto results = results_of({run_of(1, VerdictKind::Stuck, 40)});
  EXPECT_THAT(page_of(results), HasSubstr("<details open"));
  EXPECT_THAT(page_of(results), HasSubstr(R"(title="run 1: stuck, 0.040 s">!</b>)"));
  results.front().as_expected = true;
  EXPECT_THAT(page_of(results), Not(HasSubstr("<details open")));
}

TEST(HtmlPageTest, WhatAPeerPrintedIsNoMarkup) {
  auto run = run_of(1, VerdictKind::Crashed, 40);
  run.verdict.reason = "it printed <script>alert(1)</script>";
  run.evidence = "/evidence/\"><script>";
  EXPECT_THAT(page_of(results_of({run})), Not(HasSubstr("<script>")));
}

TEST(HtmlPageTest, LinksToTheEvidenceWhereItStays) {
  auto run = run_of(1, VerdictKind::Deadlock, 40);
  EXPECT_THAT(page_of(results_of({run})), Not(HasSubstr("evidence:")));
  run.evidence = "kept/run-1";
  EXPECT_THAT(page_of(results_of({run})), HasSubstr(R"(<a href="kept/run-1">kept/run-1</a>)"));
}

}  // namespace
}  // namespace rolecall::report
