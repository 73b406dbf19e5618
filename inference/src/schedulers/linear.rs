//! Small systems of linear equations.

/// Solves `rows` · x = `right` by elimination with partial pivoting in single precision, as LAPACK does. A singular
/// system ends in values that are not finite.
pub(super) fn solve(mut rows: Vec<Vec<f32>>, mut right: Vec<f32>) -> Vec<f32> {
    let len = right.len();
    for column in 0..len {
        let magnitude = |row: &usize| rows[*row][column].abs();
        let pivot = (column..len)
            .max_by(|a, b| magnitude(a).total_cmp(&magnitude(b)).then(b.cmp(a)))
            .unwrap_or(column);
        rows.swap(column, pivot);
        right.swap(column, pivot);
        let (done, below) = rows.split_at_mut(column + 1);
        let pivot_row = &done[column];
        for (offset, row) in below.iter_mut().enumerate() {
            let factor = row[column] / pivot_row[column];
            for (value, pivot_value) in row.iter_mut().zip(pivot_row).skip(column) {
                *value -= factor * pivot_value;
            }
            right[column + 1 + offset] -= factor * right[column];
        }
    }
    for row in (0..len).rev() {
        let known: f32 = (row + 1..len).map(|index| rows[row][index] * right[index]).sum();
        right[row] = (right[row] - known) / rows[row][row];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::solve;

    #[test]
    fn systems_are_solved_with_the_largest_pivot() {
        let rows = vec![vec![0.0, 2.0, 1.0], vec![1.0, 0.0, 0.0], vec![4.0, 0.0, 2.0]];
        assert_eq!(solve(rows, vec![7.0, 1.0, 10.0]), [1.0, 2.0, 3.0]);
        assert!(solve(vec![vec![0.0]], vec![1.0])[0].is_infinite());
    }
}
