using System.Globalization;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>One thing that is wrong (or, among the warnings, doubtful) in the configuration file.</summary>
/// <param name="Line">From 1; 0 when the problem has no place in the file, such as a file that is not there.</param>
/// <param name="Column">From 1; 0 when there is no place.</param>
/// <param name="Path">Where in the tree, such as <c>surfaces[0].kind</c>; empty for the file as a whole.</param>
/// <param name="Message">What is wrong and what to do, in words. Never holds a secret.</param>
public sealed record ConfigurationProblem(int Line, int Column, string Path, string Message)
{
    /// <summary>The line that an operator sees: <c>site.yaml:12:3: surfaces[0].kind: ...</c></summary>
    public string Describe(string fileName) => string.Concat(
        fileName,
        Line > 0 ? string.Create(CultureInfo.InvariantCulture, $":{Line}:{Column}: ") : ": ",
        Path.Length > 0 ? Path + ": " : "",
        Message);
}
