// What danfojs-node calls of SheetJS. Its last version on npm, 0.18.5, has prototype pollution
// (CVE-2023-30533) and a slow regular expression (CVE-2024-22363); mended ones are on no registry.
class ExcelUnavailableError extends Error {
  name = "ExcelUnavailableError";
  code = "excel_unavailable";

  constructor() {
    super(
      "Excel files are neither read nor written here: the last xlsx on npm has known holes " +
        "(CVE-2023-30533, CVE-2024-22363). Save the sheet as CSV and use readCSV, or toCSV.",
    );
  }
}

function refuse() {
  throw new ExcelUnavailableError();
}

module.exports = {
  ExcelUnavailableError,
  read: refuse,
  readFile: refuse,
  writeFile: refuse,
  utils: {
    sheet_to_json: refuse,
    aoa_to_sheet: refuse,
    book_new: refuse,
    book_append_sheet: refuse,
  },
};
